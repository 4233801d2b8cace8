;; Two ways to the same result.
(module
  (func (export "classify") (param i32) (result i32)
    local.get 0
    i32.const 10
    i32.lt_u
    if
      i32.const -1
      return
    end
    local.get 0
    i32.const 7
    i32.mul
    local.tee 0
    i32.const 1000
    i32.gt_u
    if
      i32.const -1
      return
    end
    local.get 0))
