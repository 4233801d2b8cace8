(module
  (memory 1 1)
  (func (export "table") (param i32) (result i32)
    local.get 0
    i32.const 255
    i32.and
    i32.load8_u offset=1024))
