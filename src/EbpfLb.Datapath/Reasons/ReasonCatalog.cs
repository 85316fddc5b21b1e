using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Reasons;

/// <summary>
/// Every enum lb_reason in words: for the log, the commands, the metrics and docs/operations/reasons.md, which tests hold against it.
/// </summary>
public static class ReasonCatalog
{
    private static readonly Dictionary<LbReason, ReasonText> ByReason = new ReasonText[]
    {
        new(LbReason.SockTranslated, ReasonKind.Socket, "connect() was sent to a backend"),
        new(LbReason.SockRefused, ReasonKind.Socket, "connect() or sendto() was refused, as the service has no endpoint",
            "look at the readiness of its pods; `ebpflb services` shows the number of backends"),
        new(LbReason.SockAffinityHit, ReasonKind.Socket, "the backend that session affinity remembered was taken"),
        new(LbReason.SockRace, ReasonKind.Socket, "a reader met a service while it changed, and looked again"),
        new(LbReason.SockRaceLost, ReasonKind.Socket, "a reader met a change every time and refused, rather than reach a foreign backend",
            "clients may try again; many of these mean a service that changes without end"),
        new(LbReason.SockNoStorage, ReasonKind.Socket, "no memory to remember a socket's frontend: getpeername() shows the backend",
            "free memory on the node"),
        new(LbReason.UdpTranslated, ReasonKind.Socket, "a datagram of an unconnected socket was sent to a backend"),
        new(LbReason.UdpReversed, ReasonKind.Socket, "the source of an answer was put back to the frontend"),
        new(LbReason.SockDropped, ReasonKind.Socket,
            "connect() or sendto() was given up at once, as the traffic policy Local has no endpoint on this node",
            "run an endpoint on this node, or set the service's traffic policy to Cluster"),
        new(LbReason.SockUnknownPort, ReasonKind.Socket,
            "connect() or sendto() to a ClusterIP was refused, as its service does not have the port",
            "correct the client's port or protocol, or add the port to the service"),
        new(LbReason.SockUnallocated, ReasonKind.Socket, "connect() or sendto() was given up at once, as no service has the address",
            "once after a Service was created: nothing, the client was faster; else look for a client that remembers the "
                + "address of a service that is gone"),
        new(LbReason.SockBindRefused, ReasonKind.Socket, "bind() to a NodePort in use was refused",
            "let the process listen on another port"),

        new(LbReason.PktPassed, ReasonKind.Passed, "belongs to no frontend and no flow of ours"),
        new(LbReason.PktNew, ReasonKind.Note, "a flow was opened"),
        new(LbReason.PktToLocal, ReasonKind.Balanced, "to a backend of this node, through the stack"),
        new(LbReason.PktToRemote, ReasonKind.Balanced, "to a backend on another node"),
        new(LbReason.PktReply, ReasonKind.Balanced, "of a backend, back to its client"),
        new(LbReason.PktIcmp, ReasonKind.Balanced, "an ICMP error about a translated flow, translated"),
        new(LbReason.PktRejected, ReasonKind.Answered, "the service has no endpoint: answered with a reset or port unreachable",
            "look at the readiness of its pods; `ebpflb services` shows the number of backends"),
        new(LbReason.PktTooBig, ReasonKind.Answered,
            "too long for the way to the backend: answered with \"fragmentation needed\" or \"packet too big\"",
            "nothing, as clients send shorter packets then; if connections hang, ICMP is filtered on the way to the client"),
        new(LbReason.PktTtl, ReasonKind.Answered, "its hop limit ended here: answered with \"time exceeded\"",
            "nothing for traceroute; else look for a routing loop"),
        new(LbReason.PktVlan, ReasonKind.Passed, "tagged: the VLAN's own device will see it"),
        new(LbReason.PktMalformed, ReasonKind.Passed, "cut short or not parsable; the stack decides"),
        new(LbReason.PktFragLost, ReasonKind.Passed, "a fragment whose first one was not seen",
            "lower the sender's MTU so that nothing is fragmented, or repair what loses or reorders packets before the node"),
        new(LbReason.PktFragWait, ReasonKind.Note, "a fragment was sent round once more to wait for its first one"),
        new(LbReason.PktReplyLost, ReasonKind.Passed, "to a SNAT port of ours that no flow has: its flow expired, or the map lost it",
            "raise the life time that ended it (--conntrack-*-timeout-*) when clients are idle for long"),
        new(LbReason.PktUnknownPort, ReasonKind.Answered,
            "to a ClusterIP, but no port of its service: answered with a reset or port unreachable",
            "correct the client's port or protocol, or add the port to the service"),

        new(LbReason.PktUntranslated, ReasonKind.Passed,
            "leaves the node, to a ClusterIP: who sent it is behind none of the hooks, as what a pod forwards for others is",
            $"`ebpflb drops` shows who sends: name the device that it comes in by, or all pods' devices, by {OptionNames.PodDevice}"),

        new(LbReason.DropNoLocal, ReasonKind.Dropped, "the traffic policy is Local and no endpoint is on this node",
            "send clients to nodes that have one (healthCheckNodePort tells a load balancer), or set the traffic policy to Cluster"),
        new(LbReason.DropRange, ReasonKind.Dropped, "the source is not in loadBalancerSourceRanges",
            "add it to the service's ranges if it should come in"),
        new(LbReason.DropCtFull, ReasonKind.Dropped, "the conntrack map is full of established flows",
            $"raise {TableSize.Flows.Option()}; `ebpflb conntrack count` shows whose flows they are"),
        new(LbReason.DropSnatPorts, ReasonKind.Dropped, "every SNAT port towards a backend is taken",
            $"widen {OptionNames.SnatPorts}, or let more backends or nodes share the load"),
        new(LbReason.DropNoRoute, ReasonKind.Dropped, "there is no route to the backend, or back to the client",
            "add the route (`ip route get ADDRESS` tells what the node would do), and enable forwarding on its devices"),
        new(LbReason.DropNoSnatAddr, ReasonKind.Dropped, "the device that leads to the backend has no address of the family",
            "give the device an address"),
        new(LbReason.DropNoFlow, ReasonKind.Dropped, "a RST to a frontend without a flow", "nothing: its flow is gone already"),
        new(LbReason.DropRace, ReasonKind.Dropped, "the service changed under the program's eyes every time",
            "nothing, as clients send again; many of these mean a service that changes without end"),
        new(LbReason.DropRewrite, ReasonKind.Dropped,
            "the packet could not be changed: no memory, or a first fragment of SCTP whose ports would change",
            "free memory on the node; let SCTP not send fragments (path MTU discovery)"),
        new(LbReason.DropLoopback, ReasonKind.Dropped, "from outside to a loopback address",
            "nothing here: look for who sends such packets"),
        new(LbReason.DropUnallocated, ReasonKind.Dropped, "to an address of a service CIDR that no service has",
            "look for a client that remembers the address of a service that is gone"),
        new(LbReason.DropMartian, ReasonKind.Dropped,
            "from an address that nobody can have (loopback, group, broadcast, "
                + "0.0.0.0/8), or from outside with an address of this node",
            "look for who sends such packets (`ebpflb drops` names the device); where "
                + "packets of the node come back to it, give the sender another way"),
        new(LbReason.DropNoProgram, ReasonKind.Dropped,
            "a backend on another node is behind a device without a program "
                + $"({OptionNames.ExcludeDevices}, {OptionNames.Devices}): its replies to an address of this node would end there",
            "let the device have its program, or reach the pods of other nodes by another one"),

        new(LbReason.CtEvicted, ReasonKind.Note, "a half-open or closed flow gave way to a new one",
            $"many of these are a SYN flood, or {TableSize.Flows.Option()} too small for the rate of connections"),
        new(LbReason.CtRebuilt, ReasonKind.Note, "one entry of a flow was lost and made again from the other"),
        new(LbReason.CtPortTaken, ReasonKind.Note,
            "the SNAT port of a flow that is closed, or half-open for seconds, was given to a new one",
            $"many of these mean that ports run short: widen {OptionNames.SnatPorts}"),
        new(LbReason.CtPortTracked, ReasonKind.Note,
            "a free SNAT port was passed over, because netfilter has a connection from it to the same backend",
            $"many of these cost time: have the CNI masquerade with ports outside of {OptionNames.SnatPorts}"),
        new(LbReason.CtUdpShare, ReasonKind.Note,
            "a UDP conversation stays among the flows that may be evicted, as UDP has its half of the table",
            $"many of these are a flood of datagrams, or {TableSize.Flows.Option()} too small for the clients of UDP"),
        new(LbReason.CtPortMoved, ReasonKind.Note,
            "a connection of the node's own, or one that netfilter masquerades, began from "
                + "the SNAT port of a flow to the same backend, and got another one",
            $"many of these cost time: have the CNI masquerade with ports outside of {OptionNames.SnatPorts}"),
        new(LbReason.PktXdp, ReasonKind.Note, "a packet was forwarded in front of the stack, and is counted as what it was, too"),
        new(LbReason.PktToNode, ReasonKind.Balanced, "to a backend on another node, in a tunnel (direct server return)"),
        new(LbReason.PktFromNode, ReasonKind.Note, "came in a tunnel from another node, and what was in it is counted as what it was, too"),
        new(LbReason.PktTunnelForeign, ReasonKind.Note,
            "a packet in a tunnel to this node was left to the stack, as it is from an address of no node of the cluster",
            $"if it is a node, look at the addresses of its Node object; else look for who sends such packets ({OptionNames.Tunnel})"),
        new(LbReason.PktUntracked, ReasonKind.Balanced,
            "to a backend on another node, in a tunnel, of a flow that needs no entry (maglev with direct server return)"),
        new(LbReason.PktAsked, ReasonKind.Balanced,
            "a SYN at a place of a Maglev table that has changed hands: to the node of the backend before, or back from there "
                + "as it knows no such flow (maglev with direct server return)"),
        new(LbReason.DropTunnel, ReasonKind.Dropped,
            "came in a tunnel from another node, to no frontend that is known here, or hidden behind headers of IPv6",
            "nothing for single ones, while a service comes or goes; else compare `ebpflb services` of the two nodes"),
        new(LbReason.CtRace, ReasonKind.Note, "two CPUs opened the same flow: the second joined the first"),
        new(LbReason.EventLost, ReasonKind.Note, "a drop was counted but no event written: the ring of events was full",
            "nothing for single ones; many of these mean more drops than the agent has CPU to read (`ebpflb drops` shows only a part)"),

        new(LbReason.AnswerLimited, ReasonKind.Note,
            $"a packet that was to be answered with an ICMP error or a reset was not: there were too many ({OptionNames.AnswerLimit})",
            "look for who asks a service without endpoints so often; addresses may be spoofed"),
        new(LbReason.PktOtherHost, ReasonKind.Passed, "in a frame for another machine, or for a group",
            "nothing, as the kernel ignores such frames too; many of these mean a switch that floods them"),
    }.ToDictionary(t => t.Reason);

    /// <summary>All that are in words, by number.</summary>
    public static IReadOnlyList<ReasonText> All { get; } = [.. ByReason.Values.OrderBy(t => t.Reason)];

    /// <summary>A reason that is not known (of a newer program) is named by its number.</summary>
    public static ReasonText Of(LbReason reason)
        => ByReason.TryGetValue(reason, out var text) ? text
            : new ReasonText(reason, ReasonKind.Note, $"reason {(uint)reason}, which this version does not know");
}
