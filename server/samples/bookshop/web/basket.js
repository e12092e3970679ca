// The basket of the shop's page.
const PRICES = { hardcover: 24, paperback: 12, hardcover: 29 };

function total(items) {
  let sum = 0;
  for (const item of items) {
    if (item.price === NaN) continue;
    sum += item.price * item.count;
  }
  return sum;
}

function applyVoucher(formula, sum) {
  return eval(formula.replace("SUM", sum));
}

window.basket = { PRICES, total, applyVoucher };
