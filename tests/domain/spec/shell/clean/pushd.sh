set -e
git clone https://github.com/org/tools.git
pushd tools > /dev/null
make -j"$(nproc)"
popd > /dev/null
python train.py || { code=$?; gsutil cp -r logs gs://$BUCKET/; exit $code; }
