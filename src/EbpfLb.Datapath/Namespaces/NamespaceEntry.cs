namespace EbpfLb.Datapath.Namespaces;

/// <summary>A network namespace.</summary>
/// <param name="Inode">What /proc/PID/ns/net and nsfs mounts show; used again for another one when it is gone.</param>
/// <param name="Cookie">How programs know it (bpf_get_netns_cookie), never used again; 0 when the kernel does not tell (before 5.14).</param>
/// <param name="Path">A file by which it was entered: a mount, or /proc/PID/ns/net.</param>
public sealed record NamespaceEntry(ulong Inode, ulong Cookie, string Path)
{
    public override string ToString() => $"{Path} (net:[{Inode}])";
}
