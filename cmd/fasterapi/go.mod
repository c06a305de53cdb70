module github.com/fasterapi/fasterapi/cmd/fasterapi

go 1.27.0

toolchain go1.27.4

require (
	github.com/alecthomas/kong v1.17.0
	github.com/fsnotify/fsnotify v1.10.1
	github.com/joho/godotenv v1.5.1
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v3 v3.0.5
	golang.org/x/mod v0.42.0
)

require golang.org/x/sys v0.49.0 // indirect
