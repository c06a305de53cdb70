package webfile

import "io/fs"

// Sibling is a file beside another one that holds the same in a content coding.
//
// Owner: any (immutable).
type Sibling struct {
	Name   string
	Coding string // as in Content-Encoding
}

// siblings are the endings of files in a content coding, the smallest result first.
func siblings() [3]Sibling {
	return [...]Sibling{{".br", "br"}, {".zst", "zstd"}, {".gz", "gzip"}}
}

// Siblings lists the siblings of a file, whose content stands in none, in the order of
// preference. One that is older than the file, or is empty, does not count: the file was
// changed since, or the sibling is being written.
func Siblings(files fs.FS, name string, file fs.FileInfo) (list []Sibling) {
	for _, s := range siblings() {
		s.Name = name + s.Name
		info, err := Stat(files, s.Name)
		if onlyRegular(info, err) != nil || info.Size() == 0 || info.ModTime().Before(file.ModTime()) {
			continue
		}
		list = append(list, s)
	}
	return list
}
