// Command hello is the smallest service: the code of README.md.
package main
