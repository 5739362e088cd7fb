"""What Vertex AI custom training offers: machines, accelerators, regions, images, quotas.

Facts only, as Google's documentation gave them in August 2026; each module names its pages.

- `machines`: every machine type with vCPUs, memory and built-in accelerators.
- `accelerators`: GPUs and TPUs, which machines take them, TPU topologies.
- `availability`: which region has which accelerator or machine.
- `images`: prebuilt training images with the ends of their support.
- `quotas`: quota metrics, and what a job needs of them; `limits`: what a new project may use.
"""
