(module
  (memory 1 1)
  (func (export "fields") (param i32) (result i32)
    local.get 0
    i32.load
    local.get 0
    i32.load offset=4
    i32.add
    local.get 0
    i32.load offset=8
    i32.add))
