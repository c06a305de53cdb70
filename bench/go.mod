module github.com/fasterapi/fasterapi/bench

go 1.27.0

toolchain go1.27.4

require (
	github.com/fasterapi/fasterapi v0.0.0
	github.com/stretchr/testify v1.12.1
	github.com/valyala/fasthttp v1.77.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/molecule-man/go-brrr v1.3.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/fasterapi/fasterapi => ../
