"""What stands inside observables: predefined extensions and inner structures (STIX 2.1, section 6).

Written like the tables in ``vocab``. Every part needs at least one property. Times in parts are checked
by their form only.
"""

_FILE = {
    "archive-ext": "contains_refs*=refs:file|directory comment=s",
    "ntfs-ext": "sid=s alternate_data_streams=parts:data-stream",
    "pdf-ext": "version=s is_optimized=b document_info_dict=ds pdfid0=s pdfid1=s",
    "raster-image-ext": "image_height=i image_width=i bits_per_pixel=i exif_tags=dm",
    "windows-pebinary-ext": """pe_type*=s imphash=s machine_hex=hex number_of_sections=n time_date_stamp=time
        pointer_to_symbol_table_hex=hex number_of_symbols=n size_of_optional_header=n
        characteristics_hex=hex file_header_hashes=hashes optional_header=part:pe-header
        sections=parts:pe-section""",
}
_TRAFFIC = {
    "http-request-ext": """request_method*=s request_value*=s request_version=s request_header=dx
        message_body_length=i message_body_data_ref=ref:artifact""",
    "icmp-ext": "icmp_type_hex*=hex icmp_code_hex*=hex",
    "socket-ext": """address_family*=enum:address-family is_blocking=b is_listening=b options=dn
        socket_type=enum:socket socket_descriptor=n socket_handle=i""",
    "tcp-ext": "src_flags_hex=hex dst_flags_hex=hex",
}
_PROCESS = {
    "windows-process-ext": """aslr_enabled=b dep_enabled=b priority=s owner_sid=s window_title=s
        startup_info=d integrity_level=enum:integrity""",
    "windows-service-ext": """service_name=s descriptions=ls display_name=s group_name=s
        start_type=enum:service-start service_dll_refs=refs:file service_type=enum:service-type
        service_status=enum:service-status""",
}

# type: its predefined extensions
EXTENSIONS: dict[str, dict[str, str]] = {
    "file": _FILE,
    "network-traffic": _TRAFFIC,
    "process": _PROCESS,
    "user-account": {"unix-account-ext": "gid=i groups=ls home_dir=s shell=s"},
}

PARTS: dict[str, str] = {
    "data-stream": "name*=s hashes=hashes size=n",
    "pe-section": "name*=s size=n entropy=f hashes=hashes",
    "pe-header": """magic_hex=hex major_linker_version=i minor_linker_version=i size_of_code=n
        size_of_initialized_data=n size_of_uninitialized_data=n address_of_entry_point=i
        base_of_code=i base_of_data=i image_base=i section_alignment=i file_alignment=i
        major_os_version=i minor_os_version=i major_image_version=i minor_image_version=i
        major_subsystem_version=i minor_subsystem_version=i win32_version_value_hex=hex
        size_of_image=n size_of_headers=n checksum_hex=hex subsystem_hex=hex
        dll_characteristics_hex=hex size_of_stack_reserve=n size_of_stack_commit=n
        size_of_heap_reserve=n size_of_heap_commit=n loader_flags_hex=hex
        number_of_rva_and_sizes=i hashes=hashes""",
    "registry": "name=s data=s data_type=enum:registry",
    "x509-v3": """basic_constraints=s name_constraints=s policy_constraints=s key_usage=s
        extended_key_usage=s subject_key_identifier=s authority_key_identifier=s
        subject_alternative_name=s issuer_alternative_name=s subject_directory_attributes=s
        crl_distribution_points=s inhibit_any_policy=s private_key_usage_period_not_before=time
        private_key_usage_period_not_after=time certificate_policies=s policy_mappings=s""",
}
