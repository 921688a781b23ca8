/* The version that reports and `assay --version` carry. */
#ifndef ASSAY_VERSION_H
#define ASSAY_VERSION_H
#define ASSAY_VERSION "0.1.0"
#endif
