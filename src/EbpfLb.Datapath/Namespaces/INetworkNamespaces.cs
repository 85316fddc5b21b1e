namespace EbpfLb.Datapath.Namespaces;

/// <summary>The network namespaces of this machine, as far as the agent can see them. Thread-safe.</summary>
public interface INetworkNamespaces
{
    /// <summary>
    /// Every network namespace that a process is in or that is mounted somewhere (as `ip netns` and container runtimes do), each
    /// once. One that only a thread, a socket or an open descriptor keeps alive is not found. What vanishes meanwhile is left out.
    /// </summary>
    /// <exception cref="NamespaceException">The kernel does not let this process enter namespaces.</exception>
    IReadOnlyList<NamespaceEntry> Enumerate();

    /// <summary>
    /// Runs <paramref name="work"/> in a namespace, on a thread of its own that ends with it, and returns its result or its exception.
    /// </summary>
    /// <param name="work">Must not go on after it returned; sockets that it made stay in the namespace, whoever uses them later.</param>
    /// <exception cref="NamespaceGoneException">It is not there any more.</exception>
    /// <exception cref="NamespaceException">The kernel does not let this process in.</exception>
    T RunIn<T>(NamespaceEntry entry, Func<T> work);

    /// <summary>The same in several, one after the other on one thread; those that are gone are left out of the results.</summary>
    /// <exception cref="NamespaceException">The kernel does not let this process in.</exception>
    IReadOnlyList<(NamespaceEntry Entry, T Result)> RunInEach<T>(IEnumerable<NamespaceEntry> entries, Func<NamespaceEntry, T> work);
}

/// <summary>A network namespace.</summary>
/// <param name="Inode">What /proc/PID/ns/net and nsfs mounts show; used again for another one when it is gone.</param>
/// <param name="Cookie">How programs know it (bpf_get_netns_cookie), never used again; 0 when the kernel does not tell (before
/// 5.14).</param>
/// <param name="Path">A file by which it was entered: a mount, or /proc/PID/ns/net.</param>
public sealed record NamespaceEntry(ulong Inode, ulong Cookie, string Path)
{
    public override string ToString() => $"{Path} (net:[{Inode}])";
}
