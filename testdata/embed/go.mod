module example.test/service

go 1.25.0

require github.com/flowpipeline/pipeline v0.0.0

replace github.com/flowpipeline/pipeline => ../..
