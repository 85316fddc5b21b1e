namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>One object of a file while it is read: where it is, how it is called, what was found in it.</summary>
/// <param name="found">Collects for the whole file.</param>
internal sealed class ObjectContext(int document, FieldPath? root, string kind, List<Finding> found)
{
    /// <summary>An object has this many messages at most; a generated file with the same mistake everywhere would drown the log.</summary>
    private const int MostFindings = 50;

    private readonly List<Finding> own = [];
    private int left;

    public FieldPath? Root => root;

    public string Kind => kind;

    /// <summary>"default/web"; set as soon as it is known, so that messages carry it.</summary>
    public string Name { get; set; } = "";

    public bool IsRefused { get; private set; }

    public void Add(bool isError, FieldPath? path, string reason)
    {
        IsRefused |= isError;
        if (own.Count < MostFindings) own.Add(new Finding(isError, document, root, path, "", reason));
        else left++;
    }

    /// <summary>Hands over what was found.</summary>
    public void Complete()
    {
        var name = Name.Length == 0 ? kind : $"{kind} {Name}";
        if (left > 0) own.Add(new Finding(IsError: true, document, root, root, "", $"{left} more mistakes; correct these first"));
        foreach (var finding in own) found.Add(finding with { Object = name });
    }
}
