// Package comingfrom holds our side of docs/coming-from: the code that the pages show beside that of other
// frameworks. Its tests run all of it.
package comingfrom
