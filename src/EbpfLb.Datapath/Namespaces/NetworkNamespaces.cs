namespace EbpfLb.Datapath.Namespaces;

/// <summary>The namespaces of the kernel.</summary>
public sealed class NetworkNamespaces : INetworkNamespaces
{
    public IReadOnlyList<NamespaceEntry> Enumerate()
    {
        var files = NamespaceFiles.Find();
        return NamespaceThread.Run<IReadOnlyList<NamespaceEntry>>(() =>
        [
            .. from file in files
               // A process may have ended since: then the next one in the same namespace.
               let path = file.Value.FirstOrDefault(p => NamespaceThread.TryEnter(p, file.Key))
               where path is not null
               select new NamespaceEntry(file.Key, NamespaceThread.Cookie(), path),
        ]);
    }

    public T RunIn<T>(NamespaceEntry entry, Func<T> work)
        => NamespaceThread.Run(() => TryEnter(entry) ? work() : throw new NamespaceGoneException(entry));

    public IReadOnlyList<(NamespaceEntry Entry, T Result)> RunInEach<T>(IEnumerable<NamespaceEntry> entries, Func<NamespaceEntry, T> work)
        => NamespaceThread.Run<IReadOnlyList<(NamespaceEntry, T)>>(()
            => [.. entries.Where(TryEnter).Select(entry => (entry, work(entry)))]);

    /// <summary>Inodes are used again, cookies are not: the cookie has the last word.</summary>
    private static bool TryEnter(NamespaceEntry entry)
        => NamespaceThread.TryEnter(entry.Path, entry.Inode) && (entry.Cookie == 0 || NamespaceThread.Cookie() == entry.Cookie);
}
