;; A memory that grows: guards compare with its present size, growing is a routine of the text.
(module (memory 1 4)
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size)))
