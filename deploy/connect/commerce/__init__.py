"""The one client of the shop's REST interface (Adobe Commerce, Magento), handed to who needs it."""
