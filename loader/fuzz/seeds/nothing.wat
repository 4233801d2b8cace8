;; No memory, no table, no name but one.
(module (func (export "f")))
