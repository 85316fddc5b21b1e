using System.Text.Json;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>
/// A value in an object together with its path: what the checks read through. A value of the wrong type is a finding
/// and then counts as missing, so that all mistakes of an object come out at once.
/// </summary>
internal readonly struct Field
{
    private readonly JsonElement element;
    private readonly ObjectContext context;

    // The own path is made when something is found or a member is asked for: most values are looked at and are fine.
    private readonly FieldPath? parent;
    private readonly string? name;
    private readonly int index;

    private Field(JsonElement element, FieldPath? parent, string? name, int index, ObjectContext context)
    {
        this.element = element;
        this.parent = parent;
        this.name = name;
        this.index = index;
        this.context = context;
    }

    /// <summary>The whole object.</summary>
    public Field(JsonElement element, ObjectContext context)
        : this(element, null, null, -1, context)
    {
    }

    private FieldPath? Path => name is not null ? FieldPath.Member(parent, name)
        : index >= 0 ? FieldPath.Item(parent, index)
        : context.Root;

    /// <summary>Whether there is a value; null counts as none, as in the API.</summary>
    public bool IsSet => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public ObjectContext Context => context;

    /// <summary>A member of this object; a missing one has a path all the same.</summary>
    public Field this[string member]
    {
        get
        {
            JsonElement value = default;
            if (element.ValueKind == JsonValueKind.Object) element.TryGetProperty(member, out value);
            return new Field(value, Path, member, -1, context);
        }
    }

    /// <summary>The value cannot be accepted.</summary>
    public void Refuse(string reason) => context.Add(isError: true, Path, reason);

    /// <summary>The value is accepted and deserves a look.</summary>
    public void Warn(string reason) => context.Add(isError: false, Path, reason);

    /// <summary>The text, null when there is none.</summary>
    public string? Text()
    {
        if (!Is(JsonValueKind.String, "a string", " (quote it)")) return null;
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            Refuse("the text has half of a surrogate pair; correct the \\u escape");
            return null;
        }
    }

    /// <summary>The text, "" when there is none: how the API sees an unset string.</summary>
    public string TextOrEmpty() => Text() ?? "";

    /// <summary>The number, null when there is none. int32 in the API.</summary>
    public int? Integer()
    {
        if (!Is(JsonValueKind.Number, "a whole number", " (without quotes)")) return null;
        if (element.TryGetInt32(out var value)) return value;
        Refuse($"{element.GetRawText()} is not a whole number of 32 bits; correct it");
        return null;
    }

    public bool? Flag()
    {
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False) return element.GetBoolean();
        if (IsSet) Refuse($"must be true or false, not {NameOf(element)}; correct it");
        return null;
    }

    /// <summary>Checks that the value is an object, when there is one.</summary>
    public bool IsObject() => Is(JsonValueKind.Object, "a map", "");

    /// <summary>Whether the value is a string; says nothing when it is not.</summary>
    public bool HoldsText => element.ValueKind == JsonValueKind.String;

    /// <summary>Whether the value is a map; says nothing when it is not.</summary>
    public bool HoldsMap => element.ValueKind == JsonValueKind.Object;

    /// <summary>Whether the value is a list; says nothing when it is not.</summary>
    public bool HoldsList => element.ValueKind == JsonValueKind.Array;

    /// <summary>The entries of a list; none when there is no list.</summary>
    public IEnumerable<Field> Items()
    {
        if (!Is(JsonValueKind.Array, "a list", " (\"- \" before each entry)")) yield break;
        var at = 0;
        var path = Path;
        foreach (var item in element.EnumerateArray())
        {
            var field = new Field(item, path, null, at++, context);
            if (field.IsSet) yield return field;
            else field.Refuse("the entry is empty; fill it in or remove it");
        }
    }

    /// <summary>How many entries the list has.</summary>
    public int Count => element.ValueKind == JsonValueKind.Array ? element.GetArrayLength() : 0;

    /// <summary>The members of a map with their names.</summary>
    public IEnumerable<(string Name, Field Value)> Members()
    {
        if (!IsObject()) yield break;
        var path = Path;
        foreach (var member in element.EnumerateObject())
        {
            var key = member.Name;
            yield return (key, new Field(member.Value, path, key, -1, context));
        }
    }

    private bool Is(JsonValueKind kind, string wanted, string how)
    {
        if (element.ValueKind == kind) return true;
        if (IsSet) Refuse($"must be {wanted}, not {NameOf(element)}{how}; correct it");
        return false;
    }

    private static string NameOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "a map",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => $"the number {element.GetRawText()}",
        _ => element.GetRawText(),
    };
}
