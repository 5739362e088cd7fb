python train.py && rc=0 || { rc=$?; echo failed; }
exit $rc
