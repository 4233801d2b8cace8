(module
  (func (export "mix") (param $n i32) (param i64 i64 i64 i64 i64 i64 i64) (result i64)
    loop
      local.get 1
      local.get 2
      i64.mul
      local.get 3
      i64.add
      local.set 1
      local.get 2
      local.get 3
      i64.mul
      local.get 4
      i64.add
      local.set 2
      local.get 3
      local.get 4
      i64.mul
      local.get 5
      i64.add
      local.set 3
      local.get 4
      local.get 5
      i64.mul
      local.get 6
      i64.add
      local.set 4
      local.get 5
      local.get 6
      i64.mul
      local.get 7
      i64.add
      local.set 5
      local.get 6
      local.get 7
      i64.mul
      local.get 1
      i64.add
      local.set 6
      local.get 7
      local.get 1
      i64.mul
      local.get 2
      i64.add
      local.set 7
      local.get $n
      i32.const 1
      i32.sub
      local.tee $n
      br_if 0
    end
    local.get 1
    local.get 2
    i64.xor
    local.get 3
    i64.xor
    local.get 4
    i64.xor
    local.get 5
    i64.xor
    local.get 6
    i64.xor
    local.get 7
    i64.xor))
