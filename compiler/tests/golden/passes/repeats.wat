;; The counter is in one register for the host and in another across the call.
(module
  (import "env" "step" (func $step (param i32)))
  (func (export "countdown") (param $n i32)
    (local $before i32)
    loop
      local.get $n
      call $step
      local.get $n
      local.tee $before
      i32.const 1
      i32.sub
      local.tee $n
      local.get $before
      i32.lt_u
      br_if 0
    end))
