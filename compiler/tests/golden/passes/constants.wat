(module
  (func (export "hash") (param $n i32) (result i32)
    (local $h i32)
    loop
      local.get $h
      local.get $n
      i32.xor
      i32.const 0x01000193
      i32.mul
      local.set $h
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if 0
    end
    local.get $h))
