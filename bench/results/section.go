package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const newFile = `# Results

Each section is written by the command that it names. Figures are compared within a table only: between two runs
the machine, its neighbours and the minute differ.
`

// WriteSection puts text between the marks of the section called name in the
// file at path, in place of what stood there, and leaves the rest alone. A
// missing file or section is added.
func WriteSection(path, name, text string) error {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = []byte(newFile), nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(replaceSection(string(old), name, text)), 0o644)
}

func replaceSection(file, name, text string) string {
	begin, end := fmt.Sprintf("<!-- begin %s -->\n", name), fmt.Sprintf("<!-- end %s -->\n", name)
	section := begin + strings.TrimRight(text, "\n") + "\n" + end
	before, rest, found := strings.Cut(file, begin)
	if !found {
		return strings.TrimRight(file, "\n") + "\n\n" + section
	}
	_, after, found := strings.Cut(rest, end)
	if !found { // a broken section reaches to the end
		after = ""
	}
	return before + section + after
}
