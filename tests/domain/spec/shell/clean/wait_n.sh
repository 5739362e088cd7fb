set -e
python a.py & python b.py &
wait -n; wait -n
