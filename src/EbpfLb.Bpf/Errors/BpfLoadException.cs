namespace EbpfLb.Bpf;

/// <summary>An object could not be loaded into the kernel.</summary>
public sealed class BpfLoadException : BpfException
{
    internal BpfLoadException(Errno errno, string objectName, string? programName, string verifierLog, IReadOnlyList<string> libraryLog)
        : base(Compose(errno, objectName, programName, verifierLog, libraryLog), errno, "load", objectName)
    {
        ProgramName = programName;
        VerifierLog = verifierLog;
        LibraryLog = libraryLog;
    }

    /// <inheritdoc/>
    public override string Summary
    {
        get
        {
            var head = Head(Errno, ObjectName, ProgramName);
            if (VerifierText.LastWords(VerifierLog) is { } words) return $"{head}; the verifier: {words}";
            return LibraryLog.Count == 0 ? head : $"{head}; libbpf: {VerifierText.LastWords(LibraryLog[0])}";
        }
    }

    /// <summary>The program that the verifier refused; null when something else failed (a map, BTF).</summary>
    public string? ProgramName { get; }

    /// <summary>The end of the verifier's text, at most <see cref="VerifierText.MaxLines"/> lines. Empty when it said nothing.</summary>
    public string VerifierLog { get; }

    /// <summary>What libbpf said while loading, warnings only, without the verifier's text.</summary>
    public IReadOnlyList<string> LibraryLog { get; }

    private static string Compose(
        Errno errno, string objectName, string? programName, string verifierLog, IReadOnlyList<string> libraryLog)
    {
        var head = Head(errno, objectName, programName);
        var said = libraryLog.Count == 0 ? "" : $"\nlibbpf said:\n  {string.Join("\n  ", libraryLog)}";
        return verifierLog.Length == 0 ? head + said : $"{head}{said}\nthe verifier said:\n{verifierLog}";
    }

    private static string Head(Errno errno, string objectName, string? programName)
        => new BpfException(errno, "load", programName is null ? objectName : $"{objectName}, program {programName}").Message;
}
