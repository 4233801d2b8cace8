(module
  (memory 1 1)
  (func (export "find") (param $p i32) (param $key i32) (result i32)
    local.get $p
    i32.load8_u
    local.get $key
    i32.eq
    if (result i32)
      local.get $p
      i32.load8_u offset=1
      local.get $p
      i32.load8_u offset=2
      i32.add
    else
      i32.const -1
    end))
