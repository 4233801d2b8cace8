;; What compilers make of an assertion.
(module
  (func (export "assert") (param i32) (result i32)
    block
      local.get 0
      i32.const 10
      i32.lt_u
      br_if 0
      unreachable
    end
    local.get 0
    i32.const 1
    i32.shl))
