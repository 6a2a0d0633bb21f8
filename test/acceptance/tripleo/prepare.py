"""What TripleO's own code makes of its own template: prepare.py '{"set": {...}, "tag_from_label": "..."}' prints it as JSON.

Without an argument it prints where the template is, and which keys it is filled with unless others are given.
"""
import json
import sys

import yaml
from tripleo_common.image import kolla_builder

kolla_builder.init_prepare_defaults(kolla_builder.DEFAULT_PREPARE_FILE)


def defaults():
    with open(kolla_builder.DEFAULT_PREPARE_FILE) as file:
        prepare = yaml.safe_load(file)["parameter_defaults"]["ContainerImagePrepare"][0]
    return {"template": kolla_builder.DEFAULT_TEMPLATE_FILE, "set": prepare["set"]}


def prepare(given):
    try:
        made = kolla_builder.container_images_prepare(
            mapping_args=given["set"],
            tag_from_label=given.get("tag_from_label"),
            excludes=given.get("excludes"),
            output_env_file="env",
            output_images_file="images",
        )
    except Exception as refused:
        return {"refused": str(refused)}
    return {"parameters": made["env"], "images": made["images"]}


print(json.dumps(prepare(json.loads(sys.argv[1])) if len(sys.argv) > 1 else defaults()))
