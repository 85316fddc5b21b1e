namespace EbpfLb.Bpf;

/// <summary>Flags of BPF_MAP_UPDATE_ELEM.</summary>
public enum UpdateMode
{
    /// <summary>BPF_ANY: create or replace.</summary>
    Any = 0,

    /// <summary>BPF_NOEXIST: create; EEXIST when the key is there.</summary>
    NoExist = 1,

    /// <summary>BPF_EXIST: replace; ENOENT when the key is missing.</summary>
    Exist = 2,
}
