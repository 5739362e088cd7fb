set -e
echo 'single $NOT_EXPANDED' "double \$NOT_EXPANDED \"$RUN_NAME\"" $'tab\t$NOT' \$NOT
python -c "print('$RUN_NAME')"
awk '{ print $1, $NF }' a.txt > b.txt; sed -e 's/\$X/y/' b.txt
python train.py --text "it's # no comment" --x=a#b # a comment with $NOTHING and `nothing`
