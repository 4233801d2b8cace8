//! Images and typed calls that the firmware's build script made.

/// The image of a module that the build script compiled (`wasm2mcu::build::Build`), as a `&'static [u8]` in flash at a
/// multiple of 4, for [`Image::parse`](crate::Image::parse).
///
/// ```ignore
/// let image = Image::parse(wasm2mcu_loader::include_image!("app"))?.verify(&policy)?;
/// ```
///
/// What is included is `app.w2m` in the folder that cargo gives to build scripts. With a path instead, relative to the
/// source file as `include_bytes!` has it, it is an image that was compiled otherwise:
///
/// ```ignore
/// let image = wasm2mcu_loader::include_image!(path "../app.w2m");
/// ```
#[macro_export]
macro_rules! include_image {
    ($name:literal) => {
        $crate::include_image!(path::core::concat!(
            ::core::env!("OUT_DIR"),
            "/",
            $name,
            ".w2m"
        ))
    };
    (path $path:expr) => {{
        // The bytes alone could be at any address.
        #[repr(C, align(4))]
        struct Flash<B: ?Sized>(B);
        static IMAGE: &Flash<[u8]> = &Flash(*::core::include_bytes!($path));
        let image: &'static [u8] = &IMAGE.0;
        image
    }};
}

/// Typed calls of a module that the build script compiled (`wasm2mcu::build::Build`): the module `app` with the struct
/// `Module`, which has a method for each export, and `Host`, which has a field for each import.
///
/// ```ignore
/// wasm2mcu_loader::include_module!("app");
///
/// let host = app::Host { board_led: led };
/// let mut module = app::Module::new(image, core, &host)?;
/// let sum: i32 = module.add(1, 2)?;
/// ```
#[macro_export]
macro_rules! include_module {
    ($name:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".rs"));
    };
}
