"""Machine code."""

from __future__ import annotations

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule


class LoadsNative(Rule):
    """Loading or compiling machine code, and calling into it."""

    code = "native/load"
    severity = "high"
    names = (
        "ctypes.*", "_ctypes.*", "cffi.*", "cppyy.*", "torch.ops.load_library", "torch.classes.load_library",
        "torch.utils.cpp_extension.*", "torch.utils.ffi.*", "distutils.ccompiler.*", "numpy.ctypeslib.*",
        "numpy.distutils.*", "numpy.f2py.*", "scipy.LowLevelCallable", "cupy.RawModule", "cupy.RawKernel",
        "cupy.ElementwiseKernel", "pycuda.compiler.*", "pyopencl.*", "clr.*", "pythonnet.*", "jnius.*", "rpy2.*",
        "tensorflow.load_op_library", "tensorflow.load_library", "llvmlite.*", "numba.core.*", "pyximport.*",
        "Cython.*", "torch._inductor.aoti_load_package", "torch._export.aot_load", "torch._C._aoti*",
        "torch.cuda.CUDAPluggableAllocator", "torch.cuda._compile_kernel", "pybind11.*", "keystone.*", "unicorn.*",
        *(f"?.{name}" for name in ("CDLL", "PyDLL", "WinDLL", "OleDLL", "LoadLibrary", "dlopen", "pythonapi",
          "register_custom_ops_library", "load_extension", "load_inline", "load_op_library")),
    )  # fmt: skip
    what = "loads or makes machine code: {name}"
    why = "Machine code can't be read here and has no limits: it can change anything in the process."
    benign = "A kernel of the author's own, built from source that lies beside it."
    bad = (
        "import ctypes\nctypes.CDLL('./a.so')\n",
        "import torch\ntorch.ops.load_library('a.so')\n",
        "from torch.utils.cpp_extension import load\nload('a', ['a.cpp'])\n",
        "from cffi import FFI\n",
    )
    good = ("import torch\ntorch.ops.aten.add\n", "import ctypes\n", "import torch\ntorch.compile(model)\n")

    def judge(self, use: Use) -> Severity | None:
        """The plain types of ctypes are numbers."""
        return None if use.name.startswith("ctypes.c_") else self.severity


class RunsCompiled(Rule):
    """Running graphs and engines that were compiled elsewhere."""

    code = "native/engine"
    severity = "medium"
    by_import = False
    names = (
        "torch.jit.load", "torch.export.load", "tensorrt.Runtime", "?.deserialize_cuda_engine", "mmap.mmap",
        "polygraphy.backend.trt.engine_from_*", "tensorflow.saved_model.load", "openvino.*", "torch_tensorrt.*",
        "numba.cfunc", "coremltools.*",
    )  # fmt: skip
    what = "runs what was compiled elsewhere: {name}"
    why = "What a compiled engine does is not in this code."
    benign = "A faster UNet from the same author."
    bad = ("import torch\n\ndef f(path):\n    return torch.jit.load(path)\n",)
    good = ("import torch\ntorch.jit.script(model)\n",)


RULES: tuple[Rule, ...] = (LoadsNative(), RunsCompiled())
