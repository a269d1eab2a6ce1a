import { randomOf, sample } from '../sample-data.ts';

/**
 * A frame of the reference encoder (zstd 1.5.4, level 19, checksum, no content size), flushed after every 500 bytes. So its eight
 * small blocks use what otherwise only long inputs show: Huffman codes used again, with one and with four streams, and
 * predefined, own and repeated tables of sequences.
 */
export const FLUSHED_FRAME = new Uint8Array(
  Buffer.from(
    [
      'KLUv/QRofAgAZlY2FZA7B0Dbtm3bTUhoyZZy+P//cr2KLi0ALwAwABdazWojcs2K5Xt29YdMcJE0GT5jmWO/0vvks6/X+Mr7cZHPxaAdLn61OxgJ',
      'dH36bSmLosB39wb6COVQC294Va1AH/Ag0eMaFbJPROrpKqhr57pAlRKvR8aFfeIFLkI8AmXlePqqi/meTYuDJBnP1rxW/RmxfkjOInUNiJ2uYRP8',
      'Tz9R2bu+c0QNisQDTgjjyLLDrcBHab1WV/r0AasqC92GOlUB7/jQFAKuysx4XYtoQwU7TgEJpZcllJiPQBMoEG6hfBBMyMUBooNJQII0EgvgOIS/',
      'UD5kMAdlXxRevPFVw2I3YN0+HFB6bSQCBfJNFIQHAJfRJyYAJwAoAG+QeEe/sgKOD1IKYtTu6hXWVZRgYCzICworJp+T5XUBbz1jWkf6TwkhUadw',
      'qTG1qjAn98lxl6nIqKdafQxB02hUEepz+jXVA5Gme/oD6Y6Vlo8UiQO/4tAFKLjX0FMNAO5JSWTvAbYCns6srkQMDO41O4G1A3YADIqdiZysmJmA',
      'dvG+Ehy4b3mLA6MWN+IboZqwQAgFd7faTh0oEBBBQlA7EBgBRqgboBxHmOYrqm4H5ABEENBg22M91wI9nYeCBCuU4VSQ5/SxgkBB0l7cajYcFVhM',
      'Gn/1wbRTEAKEuQge86cOM4PJAzwHAEcQJiMAJgAlAOiMrBT3Dr1Oi48kUSpi5dY0GdrpRcjHXoGGBrTpFbKi5dQeLAk4pOQiCjGY6lLSeKnEKoID',
      'qwhN2NZqYnIpJ6PIP7pyqed2BgkFoAhFPiYHRU0UuIeCUQLUYURHQgHyBvjsdGgo5p8kwuhChO4FV9hzn0gQEGGzE9NHnxr+SGWDjyijoSZCtQ/B',
      'EcBdYd/w3noBHiwQFKEhmh+W8M1z3vO8WSJgDIIfYx7MfXWW4hnIphaRCgjxeCSH1DCPfDORAuZeIGYBHXR+yHGBsI4UqIFsCfYGUFSZggA9Q2kG',
      'LRwGAJPJFOdkeW0yXbpEn4s1u/talhUAqrihRQ+/o3Q/vH81qaJEnb14PfHQpmbNQkSJ4RL70fCAiq6ejYriQYcXCWf7axkdiKUXidcYkhNCGgU0',
      'j7IZ0zU1K6hBkoDM2FBYWPsGEBRCFDntIAIizQq8Zqac29upesCJLdGiL470fCggmLFtbI6znHvwO+MDy1z5Q4kJGqPkbyypmPqB95vuPcMdsKZK',
      'UajTRzLkC3erhy5ZUBxSmVX8yLD9/5mSY9qV60wkBbwFAHPGDYgEqfdzG4R0Q+qAU/pHFJ19A6KmwOkQqwcbg40vURu4WqFqv2DVxHT3FhEd3bBE',
      'WH2rUWSEyQEyqKGWVFEt+xkggkIIcpYPIRDEk6RwbQdEoy440MeAp8yAUUhUMDUZLcNFQRb7QZM9RzxWPAUx9ClXQhoG8K3GelCbJ1rjuLjobLWS',
      'GSJUoUmJvVicUnGSZMkYwIte7hwKhkZntaoYzSFHZ9iCnan+NTeYBhMEIfzayoWIHuQFABOIEk8X8eyemUJLEkcAsBB4cCuRJSsAIAAEnGpF5wCl',
      '4VZZoFiB7FQYF+eE0oG7O2zSVLz4vSaIPhUBUiQGrrApfMAasIHUAlytdT0CL7ihFgmRxFBozxBEp8ndQEG0ophBWYT087RA0XkT0v2/hOMpc4At',
      'D71xQbPvQvjUFniNulZkVC4BgJ7yy4erLl+NSdcVz0cpoiQUFdd8X9t0Wt2uNjR2XCofhJptsiFYA8jGiGLE9q0mYlZOv/cDBAYAw0cRtr+WkIpA',
      'RsDPDbgS/0JXK+CKqtJeWAAboQiHSSX1BaiiqihKqswEMKDPWCxE51/ZpdvQhd7YQgw44dkQqm+tSwkWV5EqMbiBFhZIUamdNRFABHSsrO0dphCY',
      'PQFK3hArVNLGTNAEKjBCZeEgQdglJmOFDoeKotU/yDosZisL7hZ9bRNn11NhBfafvZx0YtrdEcDioVQOGrzE04dAxR/u4yvm3zEuXkIo0zaT06ar',
      'qha47/6sUgZtGt0QQlQCnQUAs8YOL37vQvf3GA4bsxHAMf+s+4LTIYQaKD9iSQQ32H2lA8Ad+kpe0FkHwA1VRVmxQ/8eh0m6axgNVa4ACRcxuIEW',
      'KqLUcM8QEua41RwbwqoAgGmYYGKUIoNTilUff10IT1TGSfyGlwjpQifdUH4rsxdKJQ1ZSlgLCdyjG/P3Oh8LQvq1rcu1C/Xoo6/oO19oRyoGQqcG',
      '+AxGmKiMtLLRxe4UknGzsKKquQOj1k0QMFRSrgzQlr4Q',
    ].join(''),
    'base64',
  ),
);

export const FLUSHED_CONTENT = sample('words', 4000, randomOf(1));
