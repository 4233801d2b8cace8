;; A guard that another one or the range of the index makes superfluous is not in the code.
(module (memory 1 1)
  (func (export "same_index") (param i32) (result i32)
    (i32.add (i32.load (local.get 0)) (i32.load offset=4 (local.get 0))))
  (func (export "small_index") (param i32) (result i32)
    (i32.load8_u offset=256 (i32.and (local.get 0) (i32.const 0xff))))
  (func (export "kept") (param i32 i32) (result i32)
    (i32.add (i32.load (local.get 0)) (i32.load (local.get 1))))
  (func (export "loop") (param i32 i32) (result i32) (local i32)
    (loop $next
      (local.set 2 (i32.add (local.get 2) (i32.load8_u (local.get 0))))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get 0) (local.get 1))))
    (local.get 2)))
