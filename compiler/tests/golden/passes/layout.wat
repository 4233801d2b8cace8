(module
  (func (export "collatz") (param $n i32) (result i32)
    (local $steps i32)
    block
      loop
        local.get $n
        i32.const 1
        i32.eq
        br_if 1
        local.get $n
        i32.const 3
        i32.mul
        i32.const 1
        i32.add
        local.get $n
        i32.const 1
        i32.shr_u
        local.get $n
        i32.const 1
        i32.and
        select
        local.set $n
        local.get $steps
        i32.const 1
        i32.add
        local.set $steps
        br 0
      end
    end
    local.get $steps))
