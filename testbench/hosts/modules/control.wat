;; A low-pass filter in f32, with its state in a global: the module that must never be late.
(module
  (import "board" "output" (func $output (param f32)))
  (global $state (mut f32) (f32.const 0))
  (func (export "step") (param $input f32) (result f32)
    (global.set $state (f32.add
      (f32.mul (global.get $state) (f32.const 0.875))
      (f32.mul (local.get $input) (f32.const 0.125))))
    (call $output (global.get $state))
    (global.get $state)))
