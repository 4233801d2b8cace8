/* The images in flash, each at a multiple of 4 as the loader asks for. IMAGES is the list of their names,
   made by the build. */
.macro image name
.section .rodata.image_\name, "a"
.balign 4
.global image_\name, image_\name\()_end
image_\name:
.incbin "\name\().w2m"
image_\name\()_end:
.endm

.irp name, IMAGES
image \name
.endr
