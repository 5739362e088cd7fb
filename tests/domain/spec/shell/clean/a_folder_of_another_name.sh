set -e
git clone https://github.com/org/repo-name /workspace/src
cd /workspace/src
git clone -b main https://github.com/org/other.git tools
cd tools && cd .. && cd "$HOME"
python train.py
