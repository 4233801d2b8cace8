(module
  (func $square (param i32) (result i32)
    local.get 0
    local.get 0
    i32.mul)
  (func (export "sum") (param i32 i32) (result i32)
    local.get 0
    call $square
    local.get 1
    call $square
    i32.add))
