//! Names the package that carries the FreeRTOS kernel.
