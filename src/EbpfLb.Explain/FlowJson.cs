using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>Writes answers as JSON, one a line; the names are part of the interface (docs/explain.md).</summary>
public sealed class FlowJson(ArrayBufferWriter<byte> output) : IDisposable
{
    private readonly Utf8JsonWriter writer = new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>One answer by itself, without the end of the line.</summary>
    public static string Line(Flow flow, Explanation explanation)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new FlowJson(bytes);
        json.Write(new FlowLine(flow, flow.From.ToString(), flow.To.ToString()), explanation);
        return Encoding.UTF8.GetString(bytes.WrittenSpan[..^1]);
    }

    public void Write(FlowLine line, Explanation explanation)
    {
        writer.WriteStartObject();
        writer.WriteString("from"u8, line.From);
        writer.WriteString("to"u8, line.To);
        writer.WriteNumber("port"u8, line.Flow.Port);
        writer.WriteString("protocol"u8, line.Flow.Protocol.ToText());
        writer.WriteString("path"u8, explanation.Source.Path == FlowPath.Socket ? "socket"u8 : "packet"u8);
        writer.WriteString("verdict"u8, VerdictName(explanation.Verdict));
        writer.WriteString("service"u8, explanation.ServiceText);
        writer.WriteString("frontend"u8, explanation.Frontend is { } frontend ? KindName(frontend.Kind) : null);
        writer.WriteStartArray("backends"u8);
        foreach (ref readonly var backend in explanation.Backends.AsSpan()) Write(backend);
        writer.WriteEndArray();
        if (explanation.Front is { } front) writer.WriteBoolean("xdp"u8, front.Leaves);
        writer.WriteString("reason"u8, explanation.Reason);
        writer.WriteEndObject();
        EndLine();
    }

    public void WriteError(int line, string error)
    {
        writer.WriteStartObject();
        writer.WriteString("error"u8, $"line {line}: {error}");
        writer.WriteEndObject();
        EndLine();
    }

    public void Dispose() => writer.Dispose();

    public static string VerdictName(FlowVerdict verdict) => verdict switch
    {
        FlowVerdict.Dnat => "dnat",
        FlowVerdict.Reject => "reject",
        FlowVerdict.Drop => "drop",
        _ => "pass",
    };

    private static string KindName(FrontendKind kind) => kind switch
    {
        FrontendKind.ClusterIP => "clusterIP",
        FrontendKind.NodePort => "nodePort",
        FrontendKind.ExternalIP => "externalIP",
        _ => "loadBalancer",
    };

    private void Write(in ChosenBackend backend)
    {
        writer.WriteStartObject();
        writer.WriteString("address"u8, backend.Address.Address.ToString());
        writer.WriteNumber("port"u8, backend.Address.Port);
        writer.WriteString("node"u8, backend.Node);
        writer.WriteBoolean("local"u8, backend.Local);
        writer.WriteBoolean("masquerade"u8, backend.Masquerade);
        if (backend.Tunnel is { } node) writer.WriteString("tunnel"u8, node.ToString());
        if (backend.HasNoEntry) writer.WriteBoolean("entry"u8, false);
        writer.WriteEndObject();
    }

    private void EndLine()
    {
        writer.Flush();
        writer.Reset();
        output.Write("\n"u8);
    }
}
