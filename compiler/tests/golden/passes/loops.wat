(module
  (memory 1 1)
  (func (export "fill") (param $p i32) (param $end i32)
    loop
      local.get $p
      i32.const 0
      i32.store8
      local.get $p
      i32.const 1
      i32.add
      local.tee $p
      local.get $end
      i32.ne
      br_if 0
    end))
