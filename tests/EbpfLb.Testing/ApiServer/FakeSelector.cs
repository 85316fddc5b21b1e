namespace EbpfLb.Testing.ApiServer;

/// <summary>labelSelector and fieldSelector, as far as proxies use them.</summary>
internal sealed class FakeSelector
{
    private readonly List<Func<FakeObject, bool>> terms = [];

    private FakeSelector()
    {
    }

    public bool IsEmpty => terms.Count == 0;

    public bool Matches(FakeObject candidate) => terms.TrueForAll(t => t(candidate));

    /// <param name="knownFields">Field selectors that this server supports.</param>
    /// <param name="unknownField">The field the server refuses, when the result is null.</param>
    public static FakeSelector? Parse(string? labels, string? fields, IReadOnlyCollection<string> knownFields, out string unknownField)
    {
        var selector = new FakeSelector();
        unknownField = "";
        foreach (var term in Split(labels)) selector.terms.Add(LabelTerm(term));
        foreach (var term in Split(fields))
        {
            var (name, isEqual, value) = Operator(term);
            unknownField = name;
            if (name is not ("metadata.name" or "metadata.namespace") && !knownFields.Contains(name)) return null;
            selector.terms.Add(o => (o.Field(name) == value) == isEqual);
        }
        return selector;
    }

    private static string[] Split(string? text)
        => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Func<FakeObject, bool> LabelTerm(string term)
    {
        if (term[0] == '!') return o => o.Label(term[1..]) is null;
        if (!term.Contains('=')) return o => o.Label(term) is not null;
        var (name, isEqual, value) = Operator(term);
        return o => (o.Label(name) == value) == isEqual;
    }

    private static (string Name, bool IsEqual, string Value) Operator(string term)
    {
        var at = term.IndexOf('=');
        if (at > 0 && term[at - 1] == '!') return (term[..(at - 1)], false, term[(at + 1)..]);
        return (term[..at], true, term[(at + 1)..].TrimStart('='));
    }
}
