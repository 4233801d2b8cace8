(module
  (memory 1 1)
  (func (export "sum") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    loop
      local.get $i
      i32.const 255
      i32.and
      i32.const 12
      i32.mul
      i32.load offset=16
      local.get $sum
      i32.add
      local.set $sum
      local.get $i
      i32.const 1
      i32.add
      local.tee $i
      i32.const 200
      i32.ne
      br_if 0
    end
    local.get $sum))
