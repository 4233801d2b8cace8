;; Division by constants becomes multiplication, by variables keeps its traps.
(module
  (func (export "tenth") (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10)))
  (func (export "seventh") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 7)))
  (func (export "modulo8") (param i32) (result i32) (i32.rem_s (local.get 0) (i32.const 8)))
  (func (export "unsigned") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func (export "signed") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "remainder") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1))))
