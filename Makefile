# make run   compare the three gradients      make run ARGS="--samples=5 --trace=0"
# make test  lint, types and tests            make run EXTRAS=cuda   with JAX for CUDA 13
# make bench figures, beside peers' ([bench])   make clean  removes .venv and out
# make test-isa   bits and digits once more, as two older CPUs would have them

PYTHON ?= python3
EXTRAS ?=
ARGS ?=
VENV := .venv
comma := ,

# One stamp for every set of extras that has been installed.
RUN_STAMP := $(VENV)/installed-run$(if $(EXTRAS),-$(EXTRAS))
TEST_STAMP := $(VENV)/installed-test$(if $(EXTRAS),-$(EXTRAS))
BENCH_STAMP := $(VENV)/installed-bench$(if $(EXTRAS),-$(EXTRAS))
isa_tests = $(VENV)/bin/python -m pytest --numprocesses=auto -m isa $(ARGS)
told = @echo "Installing what setup.cfg names into $(VENV), once: JAX and PyTorch take a few minutes"
install = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt --editable

.PHONY: run test test-isa torture test-gpu lint bench clean

run: $(RUN_STAMP)
	@echo "$(VENV)/bin/python -m compare.run $(ARGS)"
	@$(VENV)/bin/python -m compare.run $(ARGS)

test: lint
	$(VENV)/bin/python -m pytest --numprocesses=auto --dist=worksteal $(ARGS)

# The oldest kernels of torch and NumPy's BLAS; then of XLA, with the BLAS as it is in one thread.
# (XLA compiles no float16 for SSE4.2: no test marked isa has it.)
test-isa: $(TEST_STAMP)
	XLA_FLAGS=--xla_cpu_max_isa=AVX2 ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Prescott \
		$(isa_tests)
	env -u OPENBLAS_CORETYPE XLA_FLAGS=--xla_cpu_max_isa=SSE4_2 OPENBLAS_NUM_THREADS=1 $(isa_tests)

torture: $(TEST_STAMP)
	KILLS=20 $(VENV)/bin/python -m pytest -k killed_at_any_moment tests/resume/test_journal.py

test-gpu: $(TEST_STAMP)
	$(VENV)/bin/python -m pytest -m gpu -rs $(ARGS) tests/test_gpu.py

lint: $(TEST_STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(BENCH_STAMP)
	$(VENV)/bin/python -m benchmarks.run $(ARGS)

clean:
	rm -rf $(VENV) out

$(VENV)/bin/python:
	@echo "Making $(VENV), an environment of Python packages of its own"
	@$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): setup.cfg constraints.txt | $(VENV)/bin/python
	$(told)
	@$(install) ".$(if $(EXTRAS),[$(EXTRAS)])"
	@touch $@

$(TEST_STAMP): setup.cfg constraints.txt | $(VENV)/bin/python
	$(told)
	@$(install) ".[test$(if $(EXTRAS),$(comma)$(EXTRAS))]"
	@touch $@

$(BENCH_STAMP): setup.cfg constraints.txt | $(VENV)/bin/python
	$(told)
	@$(install) ".[bench$(if $(EXTRAS),$(comma)$(EXTRAS))]"
	@touch $@
