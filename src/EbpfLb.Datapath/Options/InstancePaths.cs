namespace EbpfLb.Datapath.Options;

/// <summary>
/// The pins of one instance: BPFFS/ebpflb/INSTANCE/{maps,links,tc,switch}. Everything an instance makes in the kernel hangs on
/// these, so removing the directory is removing the instance.
/// </summary>
public sealed record InstancePaths(string BpfFs, string Instance)
{
    public const string ProductDirectory = "ebpflb";

    /// <summary>Parent of all instances.</summary>
    public string Product => Path.Combine(BpfFs, ProductDirectory);

    public string Root => Path.Combine(Product, Instance);

    public string Maps => Path.Combine(Root, "maps");

    public string Links => Path.Combine(Root, "links");

    /// <summary>Where filters at clsact are recorded.</summary>
    public string Filters => Path.Combine(Root, "tc");

    /// <summary>
    /// What programs that stand before others go on to (bpf/switch): without these pins they would lead nowhere when their agent dies. And
    /// what the next agent has to know then: the maps of before, and whether programs went over to the new ones.
    /// </summary>
    public string Switch => Path.Combine(Root, "switch");

    public string Map(string name) => Path.Combine(Maps, name);

    public string Link(string name) => Path.Combine(Links, name);

    /// <summary>Instances become directory names of the BPF file system, which refuses dots.</summary>
    public static bool IsValidInstance(string name) => name.Length is > 0 and <= 63
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
