"""The hostile quarter of the sample press: attacks as data. Nothing here is dangerous but to a careless crawler."""
