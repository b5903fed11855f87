"""Reminders: who holds a user task is reminded before it is due; when it is late, he again, then the head of his body, then supervisors.

`rules` says when, `receivers` whom, `letters` posts what is to be sent, `sending` sends it, `turns` finds what is due. A mail says that a
task waits and where, nothing of the case.
"""
