using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using EbpfLb.Kubernetes.Manifests.Validation;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Kubernetes.Wire.Quick;
using EbpfLb.Model;
using EbpfLb.Yaml;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>Reads one object: checks it as an API server would, then maps it as one from an API server.</summary>
internal sealed class ObjectReader
{
    public const string DefaultNamespace = "default";

    private static readonly JsonDocumentOptions FromJson
        = new() { AllowDuplicateProperties = false, MaxDepth = YamlReader.DeepestNesting + 4 };
    private static readonly JsonDocumentOptions FromYaml = FromJson with { AllowDuplicateProperties = true };

    private readonly StringPool texts = new();
    private readonly WireJson wire;
    private readonly ManifestOptions options;
    private readonly WireMapper mapper;
    private readonly ServiceCheck services;
    private readonly QuickWire quick;

    /// <param name="dropped">Told what the mapping leaves out of an object that was accepted.</param>
    public ObjectReader(ManifestOptions options, Action<WireWarning> dropped)
    {
        this.options = options;
        wire = WireJson.Create(texts);
        mapper = new WireMapper(dropped);
        services = new ServiceCheck(options);
        quick = new QuickWire(texts, options.IsNodePort);
    }

    /// <summary>
    /// Reads an object that is plainly good, in one pass; false: <see cref="Read"/>, which takes several times as long, has the say.
    /// Safe for several threads.
    /// </summary>
    /// <param name="json">UTF-8 that was checked.</param>
    public bool TryReadQuickly(ReadOnlySpan<byte> json, TextPosition position, [NotNullWhen(true)] out ManifestObject? read)
    {
        read = quick.Any(json) switch
        {
            WireService service => Map(service, IdentityOf("Service", service), position),
            WireEndpointSlice slice => Map(slice, IdentityOf("EndpointSlice", slice), position),
            _ => null,
        };
        return read is not null;
    }

    /// <summary>Reads the object; null when it is refused, and then the context says why.</summary>
    /// <param name="mayRepeatKeys">False when the text is the author's JSON; from YAML, repeated keys were refused before.</param>
    public ManifestObject? Read(
        ReadOnlyMemory<byte> json, bool mayRepeatKeys, ObjectContext context, TextPosition position, out ObjectIdentity? identity)
    {
        identity = null;
        try
        {
            using var document = JsonDocument.Parse(json, mayRepeatKeys ? FromYaml : FromJson);
            var root = new Field(document.RootElement, context);
            var name = NameOf(root["metadata"], context.Kind);
            context.Name = name.ToString();
            if (name.Name.Length > 0) identity = new ObjectIdentity(context.Kind, name);
            Check(root, context.Kind);
            if (context.IsRefused && !(options.IsLenient && identity is not null)) return null;
            return Map(json.Span, new ObjectIdentity(context.Kind, name), position);
        }
        catch (JsonException e)
        {
            context.Add(isError: true, context.Root, $"{Trimmed(e)}; correct it");
            return null;
        }
        catch (InvalidOperationException)
        {
            // What System.Text.Json throws for text that has no UTF-16 form.
            context.Add(isError: true, context.Root, ManifestReader.HalfPair);
            return null;
        }
    }

    private ObjectName NameOf(Field metadata, string kind)
    {
        // The checks report names of a wrong type; here they only must not be asked for twice.
        var name = metadata["name"] is { HoldsText: true } n ? n.Text() ?? "" : "";
        var place = metadata["namespace"] is { HoldsText: true } p ? p.Text() ?? "" : "";
        return new ObjectName(
            kind is "Node" or "ServiceCIDR" ? "" : place.Length == 0 ? DefaultNamespace : texts.Share((ReadOnlySpan<char>)place), name);
    }

    private void Check(Field root, string kind)
    {
        switch (kind)
        {
            case "Service":
                services.Check(root);
                break;
            case "EndpointSlice":
                EndpointSliceCheck.Check(root);
                break;
            case "Endpoints":
                EndpointsCheck.Check(root);
                break;
            case "ServiceCIDR":
                ServiceCidrCheck.Check(root);
                break;
            default:
                NodeCheck.Check(root);
                break;
        }
    }

    private ManifestObject Map(ReadOnlySpan<byte> json, ObjectIdentity identity, TextPosition position)
    {
        switch (identity.Kind)
        {
            case "Service":
                return Map(JsonSerializer.Deserialize(json, wire.WireService)!, identity, position);
            case "EndpointSlice":
                return Map(JsonSerializer.Deserialize(json, wire.WireEndpointSlice)!, identity, position);
            case "Endpoints":
                return new(
                    identity, position, Slices: [.. mapper.Map(Placed(JsonSerializer.Deserialize(json, wire.WireEndpoints)!, identity))]);
            case "ServiceCIDR":
                return new(identity, position, ServiceCidr: mapper.Map(JsonSerializer.Deserialize(json, wire.WireServiceCidr)!));
            default:
                return new(identity, position, Node: mapper.Map(JsonSerializer.Deserialize(json, wire.WireNode)!));
        }
    }

    private ManifestObject Map(WireService service, ObjectIdentity identity, TextPosition position)
    {
        var mapped = mapper.Map(Placed(service, identity));
        return new(identity with { Name = mapped.Name }, position, Service: mapped, HasSelector: service.Spec?.Selector == true);
    }

    private ManifestObject Map(WireEndpointSlice wire, ObjectIdentity identity, TextPosition position)
    {
        var slice = mapper.Map(Placed(wire, identity));
        return new(slice is null ? identity : identity with { Name = slice.Name }, position, Slices: slice is null ? [] : [slice]);
    }

    private static ObjectIdentity IdentityOf(string kind, IWireObject wire)
        => new(kind, new ObjectName(wire.Metadata!.Namespace ?? DefaultNamespace, wire.Metadata.Name!));

    private static T Placed<T>(T wire, ObjectIdentity identity) where T : IWireObject
    {
        wire.Metadata!.Namespace = identity.Name.Namespace;
        return wire;
    }

    /// <summary>The reader's message without the position, which is one inside this object and not in the file.</summary>
    private static string Trimmed(JsonException e)
    {
        var message = e.Message;
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (end < 0) end = message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }
}
