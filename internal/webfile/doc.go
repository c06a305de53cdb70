// Package webfile decides which files may be served, and what they are for clients:
//
//	file, info, err := webfile.Open(files, name) // or OpenPath, for a path on disk
//	if err != nil {
//		return webfile.Problem(err)
//	}
//	if !webfile.SaysDate(info.ModTime()) {
//		etag, err = tags.Tag(name, file.(io.ReadSeeker), info)
//	}
//
// # Reading order
//
//   - open.go: regular files only, looked at before they are opened
//   - problem.go: what clients get to know of one that cannot be opened
//   - name.go: names that are not for the public, and those of parts of pages
//   - tags.go: entity tags of files whose dates say nothing
//   - coded.go: files beside others that hold the same, compressed
//
// What is sent of a file, by its conditions and ranges, is the root package's File.
//
// # Ownership and cost
//
// [Tags] are for any goroutine, and so is all else. A file is looked at, opened, and
// looked at again: three system calls. A tag reads the whole file, a megabyte in some
// 2 ms, unless it is known that the file is the same.
//
// # What it refuses
//
// Directories, pipes and devices, before they are opened; paths with an element "..";
// links that lead out of a file system whose links are read one by one; and more than
// 40 links one after the other.
package webfile
